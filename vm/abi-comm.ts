// Part of the contract (abi.ts): what a program that was built with --comm counts of its accesses to memory that images share.

/** Offsets in the kernel page: u32 addresses of the area of counts and of its end; the position that run-time code works for; whom it sends to. */
export const comm = { area: 3680, areaEnd: 3684, place: 3688, peer: 3692 } as const;

/** What is counted, each apart: the numbers that the compiler gives. A message is counted where it is sent. */
export const commKinds = ['read', 'write', 'atomic', 'bulk', 'message'] as const;

/**
 * The area begins with i64 bytes exchanged with each image. Then for each position of the manifest: of each kind i64 count and bytes that went
 * to other images; likewise what stayed in the own part of what is shared.
 */
export const commRecord = { remote: 0, local: 80 } as const;
export const commRecordBytes = 96;
export const commMatrixBytes = 4096;

export const commAreaBytes = (positions: number): number =>
  Math.ceil((commMatrixBytes + commRecordBytes * positions) / 4096) * 4096;

/** What compiled code calls: an access (position, address, bytes, kind); the position that the run-time is called for. */
export const commRuntime = { touch: 'runtime.comm.touch', at: 'runtime.comm.at' } as const;

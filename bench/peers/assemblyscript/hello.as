// The peer of examples/hello.pg, for its size.
export function run(): void {
  console.log("hello from image 0 of 1");
}

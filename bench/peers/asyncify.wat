;; What bench/programs/switch.pg does, for binaryen's pass Asyncify: two fibers that let each other run. Scheduler and fibers are all in this
;; module, so no switch goes through JavaScript; asyncify.ts does it from there, by "rounds". Fiber f's unwound frames are at 1024 + 4096 f, behind the two words that the pass wants.
(module
  (import "env" "now" (func $now (result f64)))
  (import "env" "yield" (func $yield_outside))
  (import "asyncify" "start_unwind" (func $start_unwind (param i32)))
  (import "asyncify" "stop_unwind" (func $stop_unwind))
  (import "asyncify" "start_rewind" (func $start_rewind (param i32)))
  (import "asyncify" "stop_rewind" (func $stop_rewind))
  (memory (export "memory") 2)
  (global $from_outside (mut i32) (i32.const 0))
  (global $rewinding (mut i32) (i32.const 0))
  (global $unwinding (mut i32) (i32.const 0))
  (global $current (mut i32) (i32.const 0))
  ;; How often the innermost function lets the other run, each time that it is come to.
  (global $inner (mut i32) (i32.const 1))
  (global $wrong (mut f64) (f64.const 0))

  (func $yield
    (if (global.get $rewinding)
      (then (global.set $rewinding (i32.const 0)) (call $stop_rewind))
      (else
        (global.set $unwinding (i32.const 1))
        (i32.store (global.get $current) (i32.add (global.get $current) (i32.const 8)))
        (i32.store offset=4 (global.get $current) (i32.add (global.get $current) (i32.const 4096)))
        (call $start_unwind (global.get $current)))))

  ;; Either the one here, or the one that JavaScript gives.
  (func $let_others
    (if (global.get $from_outside) (then (call $yield_outside)) (else (call $yield))))

  (func $round (param $d i32) (param $x i64) (result i64)
    (local $times i32)
    (if (i32.le_s (local.get $d) (i32.const 1))
      (then
        (local.set $times (global.get $inner))
        (loop $again
          (call $let_others)
          (local.set $times (i32.sub (local.get $times) (i32.const 1)))
          (br_if $again (i32.gt_s (local.get $times) (i32.const 0))))
        (return (i64.add (local.get $x) (i64.const 1)))))
    (i64.add
      (call $round (i32.sub (local.get $d) (i32.const 1)) (i64.add (local.get $x) (i64.const 1)))
      (i64.const 1)))

  (func $rounds (param $k i32) (param $depth i32) (result i64)
    (local $x i64)
    (loop $next
      (if (i32.gt_s (local.get $k) (i32.const 0))
        (then
          (local.set $x
            (i64.and (call $round (local.get $depth) (local.get $x)) (i64.const 0xffff)))
          (local.set $k (i32.sub (local.get $k) (i32.const 1)))
          (br $next))))
    (local.get $x))

  (func (export "set_inner") (param $times i32) (global.set $inner (local.get $times)))

  (func (export "rounds") (param $k i32) (param $depth i32) (result i64)
    (global.set $from_outside (i32.const 1))
    (call $rounds (local.get $k) (local.get $depth)))

  ;; Runs fiber 0 and 1 in turn until both have ended; a word for each tells whether it was started, or has ended.
  (func (export "run") (param $k i32) (param $depth i32) (result f64)
    (local $start f64) (local $left i32) (local $which i32) (local $at i32) (local $result i64)
    (local.set $start (call $now))
    (local.set $left (i32.const 2))
    (loop $next
      (local.set $at (i32.add (i32.const 1024) (i32.mul (local.get $which) (i32.const 8192))))
      (if (i32.ne (i32.load offset=8188 (local.get $at)) (i32.const 2))
        (then
          (global.set $current (local.get $at))
          (if (i32.load offset=8188 (local.get $at))
            (then
              (global.set $rewinding (i32.const 1))
              (call $start_rewind (local.get $at))))
          (i32.store offset=8188 (local.get $at) (i32.const 1))
          (local.set $result (call $rounds (local.get $k) (local.get $depth)))
          (if (global.get $unwinding)
            (then (global.set $unwinding (i32.const 0)) (call $stop_unwind))
            (else
              (i32.store offset=8188 (local.get $at) (i32.const 2))
              (local.set $left (i32.sub (local.get $left) (i32.const 1)))
              (if (i64.ne
                    (local.get $result)
                    (i64.and
                      (i64.extend_i32_u
                        (i32.mul (local.get $k) (i32.sub (i32.mul (local.get $depth) (i32.const 2)) (i32.const 1))))
                      (i64.const 0xffff)))
                (then (global.set $wrong (f64.const 1))))))))
      (local.set $which (i32.xor (local.get $which) (i32.const 1)))
      (br_if $next (local.get $left)))
    (f64.sub (call $now) (local.get $start)))

  ;; What bench/programs/recursion.pg does, with a poll in the arm that recurses, as hooks are.
  (func $fib (param $k i64) (result i64)
    (if (i64.lt_s (local.get $k) (i64.const 2)) (then (return (local.get $k))))
    (if (i32.load (i32.const 512)) (then (call $yield)))
    (i64.add (call $fib (i64.sub (local.get $k) (i64.const 1))) (call $fib (i64.sub (local.get $k) (i64.const 2)))))

  (func (export "recursion") (param $k i32) (result f64)
    (local $start f64) (local $a i64) (local $b i64) (local $c i64) (local $result i64)
    (local.set $start (call $now))
    (local.set $result (call $fib (i64.extend_i32_u (local.get $k))))
    (local.set $start (f64.sub (call $now) (local.get $start)))
    (local.set $b (i64.const 1))
    (loop $next
      (if (local.get $k)
        (then
          (local.set $c (i64.add (local.get $a) (local.get $b)))
          (local.set $a (local.get $b))
          (local.set $b (local.get $c))
          (local.set $k (i32.sub (local.get $k) (i32.const 1)))
          (br $next))))
    (if (i64.ne (local.get $a) (local.get $result)) (then (global.set $wrong (f64.const 1))))
    (local.get $start))

  (func (export "error") (result f64) (global.get $wrong)))

! What the read of an element of another image's coarray takes in Fortran, in nanoseconds: the peer of bench/programs/remote.pg.
!   coarray_remote effort
program coarray_remote
  use iso_fortran_env, only: int64, real64, error_unit
  implicit none
  integer, parameter :: n = 4096
  integer(int64) :: x(n)[*]
  integer(int64) :: sum, from, to, rate
  integer :: i, k, rounds, effort, other
  real(real64) :: each
  character(len=32) :: text

  call get_command_argument(1, text)
  read (text, *) effort
  rounds = effort / n + 1
  other = num_images()
  do i = 1, n
    x(i) = i - 1
  end do
  sync all
  if (this_image() == 1) then
    sum = 0
    call system_clock(from, rate)
    do k = 1, rounds
      do i = 1, n
        sum = sum + x(i)[other]
      end do
    end do
    call system_clock(to)
    if (sum /= int(rounds, int64) * n * (n - 1) / 2) then
      write (error_unit, '(a)') 'coarray_remote: wrong sum'
      error stop 1
    end if
    each = real(to - from, real64) / real(rate, real64) / (real(rounds, real64) * n) * 1e9_real64
    write (*, '(a,1x,f0.3)') 'element', each
    write (*, '(a,1x,f0.3)') 'shared', each
  end if
  sync all
end program coarray_remote

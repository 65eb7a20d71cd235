export function threadCpuUs(): number {
  return 0;
}

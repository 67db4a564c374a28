/** DCGM's blank values (none, not found, not supported, not permitted), as int32, double and int64. */
export const isBlank = (value: number): boolean =>
  !Number.isFinite(value) ||
  value >= 2 ** 62 ||
  (value >= 0x7ffffff0 && value <= 0x7ffffff3) ||
  (value >= 2 ** 47 && value <= 2 ** 47 + 3)

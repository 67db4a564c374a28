/** Meanings of the NVIDIA driver's XID error numbers, from NVIDIA's XID catalogue; only those that operators meet. */
const WORDS: Record<number, string> = {
  8: 'GPU stopped processing',
  13: 'graphics engine exception',
  31: 'memory page fault',
  32: 'corrupted push buffer',
  38: 'driver firmware error',
  43: 'GPU stopped processing',
  45: 'work removed before it ended',
  48: 'double-bit ECC error',
  61: 'internal microcontroller breakpoint',
  62: 'internal microcontroller halt',
  63: 'row remapping recorded',
  64: 'row remapping failed',
  68: 'video decoder exception',
  69: 'graphics engine class error',
  74: 'NVLink error',
  79: 'GPU has fallen off the bus',
  92: 'many single-bit ECC errors',
  94: 'contained ECC error',
  95: 'uncontained ECC error',
  119: 'GSP firmware does not answer',
  120: 'GSP firmware error',
  121: 'C2C link error',
  140: 'unrecovered ECC error',
  154: 'GPU needs a recovery action',
}

/** XIDs after which the GPU computes nothing until it or its host is reset. */
const FATAL: ReadonlySet<number> = new Set([48, 62, 64, 79, 95, 119, 120, 140])

/** NVIDIA's catalogue ends below 200. Drivers and exporters tell -1, also as 4294967295, where there was none. */
const HIGHEST_XID = 9_999

/** Whether a number is an XID at all. */
export const isXid = (xid: number | undefined): xid is number =>
  xid !== undefined && Number.isInteger(xid) && xid > 0 && xid <= HIGHEST_XID

export const xidText = (xid: number): string => `XID ${xid}${WORDS[xid] ? `: ${WORDS[xid]}` : ''}`

export const isFatalXid = (xid: number): boolean => FATAL.has(xid)

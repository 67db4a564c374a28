/** Emulated firmware, one name for each form of its replies. */
export const ASIC_FAMILIES = [
  'antminer',
  'whatsminer',
  'avalon',
  'whatsminer-2.2',
  'whatsminer-v3',
  'braiins',
  'luxos',
  'vnish',
  'epic',
  'axeos',
  'sealminer',
  'auradine',
  'proto',
  'cgminer',
] as const
export type AsicFamily = (typeof ASIC_FAMILIES)[number]

/** The driver that reads a family. One driver reads every Whatsminer on TCP 4028, whatever the version of its API. */
export const driverOf = (family: AsicFamily): Exclude<AsicFamily, 'whatsminer-2.2'> =>
  family === 'whatsminer-2.2' ? 'whatsminer' : family

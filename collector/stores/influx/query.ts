import { toPlain } from '../../rows/text.ts'

/** Parts of InfluxQL. */
export const within = (fromMs: number, toMs: number): string =>
  `time >= ${Math.ceil(fromMs)}ms AND time < ${Math.ceil(toMs)}ms`
export const literal = (value: string): string => `'${toPlain(value).replaceAll("'", "\\'")}'`

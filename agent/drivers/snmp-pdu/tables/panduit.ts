import { nlogic } from '../shapes/nlogic.ts'
import type { PduTable } from './table.ts'

/** PANDUIT-MIB (19536.10): SmartZone G5 and G6. */
export default nlogic({
  vendor: 'panduit',
  objectIdPrefix: '1.3.6.1.4.1.19536.10',
  root: '1.3.6.1.4.1.19536.10.1',
  modelColumn: 3,
}) satisfies PduTable

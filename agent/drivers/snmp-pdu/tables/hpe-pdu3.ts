import { nlogic } from '../shapes/nlogic.ts'
import type { PduTable } from './table.ts'

/** CPQPOWER-MIB, pdu3 (232.165.11): HPE G2 PDUs of the series P9S, as NUT reads them in hpe-pdu3-cis-mib.c. */
export default nlogic({
  vendor: 'hpe',
  generation: 3,
  objectIdPrefix: '1.3.6.1.4.1.232.165.11',
  root: '1.3.6.1.4.1.232.165.11',
  modelColumn: 7,
}) satisfies PduTable

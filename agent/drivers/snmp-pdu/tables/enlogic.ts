import { enlogic } from '../shapes/enlogic.ts'
import type { PduTable } from './table.ts'

/** ENLOGIC-PDU-MIB and ENLOGIC-PDU2-MIB (38446.1): Enlogic, now nVent. */
export default enlogic({
  vendor: 'enlogic',
  objectIdPrefix: '1.3.6.1.4.1.38446',
  root: '1.3.6.1.4.1.38446.1',
  older: true,
}) satisfies PduTable

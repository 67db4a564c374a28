import { nlogic } from '../shapes/nlogic.ts'
import type { PduTable } from './table.ts'

/** Eaton's nLogic (534.7.1), as NUT reads it in eaton-pdu-nlogic-mib.c: the ePDUs EMSV... and their like, which are no ePDU G3. */
export default nlogic({
  vendor: 'eaton',
  objectIdPrefix: '1.3.6.1.4.1.534.7.1',
  root: '1.3.6.1.4.1.534.7.1',
  modelColumn: 7,
}) satisfies PduTable

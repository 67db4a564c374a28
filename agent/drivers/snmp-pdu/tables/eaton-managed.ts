import { dominionPx } from '../shapes/dominion-px.ts'
import type { PduTable } from './table.ts'

/** Eaton Managed ePDU, before it Powerware and Aphel Revelation (534.6.6.6), as NUT reads it in eaton-pdu-revelation-mib.c. */
export default dominionPx('eaton', '1.3.6.1.4.1.534.6.6.6', '1.3.6.1.4.1.534.6.6.6.1') satisfies PduTable

import { dominionPx } from '../shapes/dominion-px.ts'
import type { PduTable } from './table.ts'

/** PDU-MIB (13742.4): Raritan Dominion PX of the first generation, firmware 1.x. */
export default dominionPx('raritan', '1.3.6.1.4.1.13742.4', '1.3.6.1.4.1.13742.4.1') satisfies PduTable

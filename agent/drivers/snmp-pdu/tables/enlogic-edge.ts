import { nlogic } from '../shapes/nlogic.ts'
import type { PduTable } from './table.ts'

/** Enlogic_Edge_Mib (38446.4): Enlogic Edge, as Emulab reads it in power_enlogic.pm. */
export default nlogic({
  vendor: 'enlogic',
  generation: 2,
  objectIdPrefix: '1.3.6.1.4.1.38446',
  root: '1.3.6.1.4.1.38446.4.1',
  modelColumn: 7,
}) satisfies PduTable

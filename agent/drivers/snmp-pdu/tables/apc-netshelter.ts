import { enlogic } from '../shapes/enlogic.ts'
import type { PduTable } from './table.ts'

/** APC-CPDU-MIB (318.1.1.32): NetShelter Advanced rack PDUs, APDU9... and APDU10.... */
export default enlogic({
  vendor: 'apc',
  generation: 3,
  objectIdPrefix: '1.3.6.1.4.1.318.1.1.32',
  root: '1.3.6.1.4.1.318.1.1.32',
}) satisfies PduTable

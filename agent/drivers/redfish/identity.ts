import { defined } from '../../../protocol/kit/defined.ts'
import type { Reading } from '../../plugin/reading.ts'
import { type Row, textOf } from '../../wire/loose-json/fields.ts'

/** The machine by its ComputerSystem or Chassis. */
export const identityOf = (row: Row | undefined): Reading['identity'] =>
  defined({
    kind: 'host' as const,
    model:
      [textOf(row, 'Manufacturer'), textOf(row, 'Model')].filter(Boolean).join(' ').slice(0, 128) ||
      undefined,
    firmware: textOf(row, 'BiosVersion')?.slice(0, 128),
    hardwareId: textOf(row, 'SerialNumber', 'UUID')?.slice(0, 128),
    hostname: textOf(row, 'HostName')?.slice(0, 253),
  })

import { defined } from '../../../protocol/kit/defined.ts'
import { PerwattError } from '../../../protocol/kit/errors.ts'
import { amdHardwareId } from '../../gpu/amd-tools.ts'
import type { PlacedGpu } from '../../gpu/held.ts'
import { hasTwoDies, type PackagePart, pciSlot } from '../../gpu/packages.ts'
import { type Fields, fieldsOf, findNumber, findText, jsonIn } from '../../gpu/smi-output.ts'
import { gpuState } from '../../gpu/state.ts'
import type { Reading } from '../../plugin/reading.ts'
import { isRow, type Row } from '../../wire/loose-json/fields.ts'

/**
 * The GPUs in `rocm-smi --json`: `{ card0: { 'Average Graphics Package Power (W)': '39.0' }, system: ... }`. All values are texts,
 * and the wording and capitals of the names change between releases.
 * @throws PerwattError `malformed`
 */
export function rocmGpus(text: string): (PackagePart & PlacedGpu)[] {
  const json = jsonIn(text)
  const rows = isRow(json) ? Object.entries(json) : []
  const firmware = findText(
    fieldsOf(isRow(json) && isRow(json['system']) ? json['system'] : {}),
    /^driver version$/,
  )
  const gpus = rows.flatMap(([name, row]): (PackagePart & PlacedGpu)[] => {
    const index = /^card(\d{1,4})$/.exec(name)?.[1]
    if (index === undefined || !isRow(row)) return []
    const fields = fieldsOf(row)
    const reading = readingOf(index, fields, firmware)
    const pci = findText(fields, /^pci bus$/)
    const serial = serialOfPackage(fields)
    return [{ reading, package: serial, slot: pciSlot(pci), pci, secondary: isSecondary(row, reading) }]
  })
  if (gpus.length > 0) return gpus
  throw new PerwattError(
    'malformed',
    'rocm-smi names no GPU; run it by hand, and check that the kernel module amdgpu is loaded',
  )
}

/**
 * The second die of an MI250 shows `N/A (Secondary die)`, a bare `N/A`, or 0 W (mlco2/codecarbon, issue 1097), as the release has it: the
 * first die's power and counter include it.
 */
const isSecondary = (row: Row, { sample, identity }: Reading): boolean =>
  Object.entries(row).some(([name, value]) => /power/i.test(name) && /secondary die/i.test(String(value))) ||
  (sample.powerW === undefined && hasTwoDies(identity.model))

function readingOf(index: string, fields: Fields, firmware: string | undefined): Reading {
  const powerW =
    findNumber(
      fields,
      'W',
      /^current socket.*power \(w\)$/,
      /^average.*power \(w\)$/,
      /^(?!max|min).*power \(w\)$/,
    ) || undefined
  const energyJ = powerW === undefined ? undefined : findNumber(fields, 'uJ', /^accumulated energy \(uj\)$/)
  const utilizationRatio = findNumber(fields, '%', /^gpu use \(%\)$/)
  const temps = [/sensor edge/, /sensor junction/]
    .map((sensor) => findNumber(fields, 'C', new RegExp(`^temperature \\(${sensor.source}\\) \\(c\\)$`)))
    .filter((t) => t !== undefined)
  return {
    part: `gpu${index}`,
    identity: defined({
      kind: 'gpu' as const,
      model: modelOf(fields),
      firmware,
      hardwareId: serialOfPackage(fields) ?? findText(fields, /^pci bus$/),
    }),
    sample: defined({
      state: gpuState(utilizationRatio),
      powerW,
      powerBasis: powerW === undefined ? undefined : ('reported' as const),
      powerLimitW: findNumber(fields, 'W', /^max graphics package power \(w\)$/) || undefined,
      utilizationRatio,
      memoryUsedBytes: findNumber(fields, 'B', /^vram total used memory \(b\)$/),
      memoryTotalBytes: findNumber(fields, 'B', /^vram total memory \(b\)$/),
      tempC: temps.length > 0 ? Math.max(...temps) : undefined,
      memoryTempC: findNumber(fields, 'C', /^temperature \(sensor mem(ory)?\) \(c\)$/),
      fanRpm: findNumber(fields, 'RPM', /^fan rpm$/),
      fanRatio: findNumber(fields, '%', /^fan speed \(%\)$/),
    }),
    ...(energyJ !== undefined && { counters: { energyJ } }),
  }
}

const serialOfPackage = (fields: Fields): string | undefined =>
  amdHardwareId(findText(fields, /^unique id$/)) ?? serialOf(fields)

/** The serial number. A board without one reports zeros, all bits set, or words, and so do its neighbours. */
function serialOf(fields: Fields): string | undefined {
  const serial = findText(fields, /^serial number$/)
  return serial && /\d/.test(serial) && !/^(0x)?(0+|f+)$/i.test(serial) ? serial : undefined
}

/** The model. Newer releases write its name, older ones only a device id, both under several keys. */
function modelOf(fields: Fields): string | undefined {
  const names = [/^card series$/, /^card model$/, /^gpu id$/, /^device id$/].map((name) =>
    findText(fields, name),
  )
  const words = names.find((name) => name !== undefined && !/^0x[0-9a-f]+$/i.test(name))
  const device = findText(fields, /^gpu id$/, /^device id$/)
  return words ?? (device && `AMD GPU ${device}`)
}

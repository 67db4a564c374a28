import type { Device } from '../../../protocol/device.ts'

/**
 * What a device draws, by its own reading; negative where it gives. A meter counts its two directions apart. A meter of own generation
 * counts as `in` what it generates: behind the site's meter that is what the site need not draw.
 * @param inward energy or power that flowed in; undefined: no reading
 * @param outward the same that flowed out
 */
export function ownFlow(
  device: Pick<Device, 'generates'> | undefined,
  inward: number | undefined,
  outward = 0,
): number | undefined {
  if (inward === undefined && outward === 0) return undefined
  const net = (inward ?? 0) - outward
  // 0 and not -0: sums are compared to the unit
  return device?.generates === undefined ? net : 0 - net
}

import { keyOfClaim, NO_PLACES, type NvidiaPlaces } from './claimed-instances.ts'
import type { GpuInstance, GpuUse } from './gpu-use.ts'
import { placeOf } from './kubelet-checkpoint.ts'
import type { ClaimedDevice } from './pod-resources.ts'

/**
 * NVIDIA's DRA driver names a GPU by its number, and a MIG device by that of its GPU, its profile, the profile's number and its first
 * slice (`gpu-0-mig-3g40gb-9-4`); before 25.12 without the profile's name (`gpu-0-mig-9-4-4`). The uuid is an attribute of the
 * ResourceSlice, which the kubelet does not tell (kubernetes-sigs/dra-driver-nvidia-gpu, mig.go and its tests, cdi.go). The number is the
 * minor one of the GPU's file.
 */
const NVIDIA = /^gpu-(\d{1,4})(-mig-(?:(\d+)g\w*(?:-\w+)*?-)?\d+-\d+(?:-\d+)?)?$/
/** AMD's names a GPU or partition by the numbers of its files card<n> and renderD<n> (ROCm/k8s-gpu-dra-driver, docs/driver-attributes.md). */
const AMD = /^gpu-\d{1,4}-(\d{3,4})$/

/**
 * The GPU, and where it is divided the MIG instance, that a claimed device is. Undefined where it is none of these GPUs.
 * @param pciOfRender the PCI addresses of AMD's GPUs by the numbers of their render files
 * @param nvidia what the files of NVIDIA's drivers tell
 */
export function placeOfClaim(
  { driver, device, cdi }: Pick<ClaimedDevice, 'driver' | 'device' | 'cdi'>,
  gpus: readonly GpuUse[],
  pciOfRender: ReadonlyMap<number, string> = new Map(),
  nvidia: NvidiaPlaces = NO_PLACES,
): { index: number; instance?: number } | undefined {
  for (const name of [device, ...cdi.map((one) => one.split('=').at(-1) ?? '')]) {
    const place = placeOf(name, gpus) ?? byAddress(name, gpus)
    if (place) return place
  }
  if (isAmdClaim({ driver })) {
    const pci = pciOfRender.get(Number(AMD.exec(device)?.[1]))
    return pci === undefined ? undefined : placeOf(pci, gpus)
  }
  const [, minor, mig, slices] = (isNvidiaClaim({ driver }) && NVIDIA.exec(device)) || []
  const gpu = minor === undefined ? undefined : gpuOf(Number(minor), gpus, nvidia)
  if (!gpu) return undefined
  if (!mig) return { index: gpu.index }
  const said = nvidia.instances.get(keyOfClaim({ device, cdi }))
  const instances = gpu.instances ?? []
  const instance =
    said?.minor === Number(minor)
      ? instances.find((one) => one.instance === said.instance)
      : onlyOne(instances, slices === undefined ? undefined : Number(slices))
  return instance && { index: gpu.index, instance: instance.instance }
}

/** Whether a claimed device is a MIG instance of one of these GPUs, wherever in it. */
export function isMigOf(
  { driver, device }: Pick<ClaimedDevice, 'driver' | 'device'>,
  gpus: readonly GpuUse[],
  nvidia: NvidiaPlaces,
): boolean {
  const [, minor, mig] = (isNvidiaClaim({ driver }) && NVIDIA.exec(device)) || []
  return mig !== undefined && gpuOf(Number(minor), gpus, nvidia) !== undefined
}

const isNvidiaClaim = ({ driver }: Pick<ClaimedDevice, 'driver'>): boolean =>
  /(^|\.)nvidia\.com$/.test(driver)

/** A minor number is not NVML's index where a GPU was reset or hidden; without the driver's files they are taken for one. */
function gpuOf(minor: number, gpus: readonly GpuUse[], { uuids }: NvidiaPlaces): GpuUse | undefined {
  const uuid = uuids.get(minor)
  return gpus.find((gpu) =>
    uuid === undefined || gpu.uuid === undefined ? gpu.index === minor : gpu.uuid === uuid,
  )
}

export const isAmdClaim = ({ driver }: Pick<ClaimedDevice, 'driver'>): boolean =>
  /(^|\.)amd\.com$/.test(driver)

/** The only instance of these slices: which of several stands at the name's first slice, only the claim's file tells. */
function onlyOne(instances: readonly GpuInstance[], slices: number | undefined): GpuInstance | undefined {
  const [only, ...others] = instances.filter(
    (one) => slices === undefined || one.slices === undefined || one.slices === slices,
  )
  return others.length === 0 ? only : undefined
}

/** Intel's DRA driver names a GPU `0000-4d-00-0-0x0bd5`: by its PCI address and its device id. */
function byAddress(name: string, gpus: readonly GpuUse[]): { index: number } | undefined {
  const gpu = gpus.find(
    ({ uuid }) =>
      uuid !== undefined && /^[0-9a-f]{4}:/i.test(uuid) && isAt(name, uuid.replaceAll(/[:.]/g, '-')),
  )
  return gpu && { index: gpu.index }
}

const isAt = (name: string, address: string): boolean =>
  name.toLowerCase() === address.toLowerCase() || name.toLowerCase().startsWith(`${address.toLowerCase()}-`)

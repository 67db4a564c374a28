import { neighbourOf } from './dcgm-pages.ts'
import type { Gpu, GpuHost, Job } from './host.ts'

/** A process that has a GPU open. */
export interface EmulatedProcess {
  pid: number
  job: Job
  memoryMiB: number
}

/** The processes on a GPU that two pods share by time: two of its job, and one of the neighbour, with a quarter of the memory. */
export function processesOf({ index, job, memoryUsedMiB }: Gpu): EmulatedProcess[] {
  if (!job) return []
  const quarter = Math.floor(memoryUsedMiB / 4)
  const pid = 40_000 + 10 * index
  return [
    { pid, job, memoryMiB: quarter },
    { pid: pid + 1, job, memoryMiB: 2 * quarter },
    { pid: pid + 2, job: neighbourOf(job), memoryMiB: quarter },
  ]
}

/** One form of the log: its schema's number, the driver's version, and what a board is like in it. */
interface Form {
  schema: number
  driver: string
  /** what a newer schema says beside the driver's version */
  versions?: string
  mig: (gpu: Gpu) => string
  util: (gpu: Gpu) => string
  processes: (gpu: Gpu) => LoggedProcess[]
}

interface LoggedProcess extends EmulatedProcess {
  /** absent: the board is not divided */
  instance?: number
}

/** What `nvidia-smi -q -x` of driver 570 writes about a host whose GPUs are shared by time, in the parts that tell power, use and processes. */
export const nvidiaSmiLog = (host: GpuHost): string =>
  logOf(host, {
    schema: 12,
    driver: '570.133.20',
    mig: () => `		<mig_mode>
			<current_mig>Disabled</current_mig>
		</mig_mode>
		<mig_devices>
			None
		</mig_devices>`,
    util: ({ utilizationRatio }) => `${Math.round(100 * utilizationRatio)} %`,
    processes: processesOf,
  })

/**
 * The instances of a divided H100 with 3, 2 and 1 slices; a slice is without one. SMs of the profiles: jbarrow.ai, field notes on MIG. The
 * first one is divided once more, into two compute instances, of which one computes.
 */
export const SMI_INSTANCES = [
  { instance: 1, compute: 0, sms: 32 },
  { instance: 1, compute: 1, sms: 28 },
  { instance: 5, compute: 0, sms: 32 },
  { instance: 9, compute: 0, sms: 16 },
] as const

/**
 * The same of driver 580 (schema 13, which also has kmd_version) about divided boards: each job has all its processes in the first instance.
 * Elements: NVIDIA's k8s-test-infra, captured `nvidia-smi -q -x` of 580.65, and gpustack's captures of MIG.
 */
export const nvidiaSmiMigLog = (host: GpuHost): string =>
  logOf(host, {
    schema: 13,
    driver: '580.65.06',
    versions: '	<kmd_version>580.65.06</kmd_version>\n	<cuda_umd_version>13.0</cuda_umd_version>\n',
    mig: () => `		<mig_mode>
			<current_mig>Enabled</current_mig>
			<pending_mig>Enabled</pending_mig>
		</mig_mode>
		<mig_devices>
${SMI_INSTANCES.map(migDeviceOf).join('\n')}
		</mig_devices>`,
    // a divided board has no use of its own
    util: () => 'N/A',
    processes: (gpu) =>
      processesOf(gpu)
        .slice(0, 1)
        .map((one) => ({ ...one, instance: 1 })),
  })

const migDeviceOf = (
  { instance, compute, sms }: (typeof SMI_INSTANCES)[number],
  index: number,
): string => `			<mig_device>
				<index>${index}</index>
				<gpu_instance_id>${instance}</gpu_instance_id>
				<compute_instance_id>${compute}</compute_instance_id>
				<device_attributes>
					<shared>
						<multiprocessor_count>${sms}</multiprocessor_count>
						<copy_engine_count>1</copy_engine_count>
					</shared>
				</device_attributes>
				<fb_memory_usage>
					<total>9984 MiB</total>
					<used>12 MiB</used>
					<free>9972 MiB</free>
				</fb_memory_usage>
			</mig_device>`

const logOf = ({ gpus }: GpuHost, form: Form): string => `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v${form.schema}.dtd">
<nvidia_smi_log>
${form.versions ?? ''}	<driver_version>${form.driver}</driver_version>
	<attached_gpus>${gpus.length}</attached_gpus>
${gpus.map((gpu) => boardOf(gpu, form)).join('\n')}
</nvidia_smi_log>
`

const boardOf = (gpu: Gpu, { mig, util, processes }: Form): string => `	<gpu id="${gpu.pciBusId}">
		<product_name>${gpu.model.name}</product_name>
${mig(gpu)}
		<uuid>${gpu.uuid}</uuid>
		<fan_speed>N/A</fan_speed>
		<fb_memory_usage>
			<total>${gpu.model.memoryMiB} MiB</total>
			<used>${gpu.memoryUsedMiB} MiB</used>
			<free>${gpu.model.memoryMiB - gpu.memoryUsedMiB} MiB</free>
		</fb_memory_usage>
		<utilization>
			<gpu_util>${util(gpu)}</gpu_util>
		</utilization>
		<temperature>
			<gpu_temp>${Math.round(gpu.tempC)} C</gpu_temp>
		</temperature>
		<gpu_power_readings>
			<average_power_draw>${gpu.powerW.toFixed(2)} W</average_power_draw>
			<instant_power_draw>${gpu.powerW.toFixed(2)} W</instant_power_draw>
			<current_power_limit>700.00 W</current_power_limit>
		</gpu_power_readings>
		<processes>
${processes(gpu).map(processOf).join('\n')}
		</processes>
	</gpu>`

const processOf = ({ pid, job, memoryMiB, instance }: LoggedProcess): string => `			<process_info>
				<gpu_instance_id>${instance ?? 'N/A'}</gpu_instance_id>
				<compute_instance_id>${instance === undefined ? 'N/A' : 0}</compute_instance_id>
				<pid>${pid}</pid>
				<type>C</type>
				<process_name>/opt/${job.container}/python</process_name>
				<used_memory>${memoryMiB} MiB</used_memory>
			</process_info>`

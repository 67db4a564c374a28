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

/** What `nvidia-smi -q -x` of driver 570 writes about a host whose GPUs are shared by time, in the parts that tell power, use and processes. */
export const nvidiaSmiLog = ({ gpus }: GpuHost): string => `<?xml version="1.0" ?>
<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v12.dtd">
<nvidia_smi_log>
	<driver_version>570.133.20</driver_version>
	<attached_gpus>${gpus.length}</attached_gpus>
${gpus.map(logOf).join('\n')}
</nvidia_smi_log>
`

const logOf = (gpu: Gpu): string => `	<gpu id="${gpu.pciBusId}">
		<product_name>${gpu.model.name}</product_name>
		<mig_mode>
			<current_mig>Disabled</current_mig>
		</mig_mode>
		<mig_devices>
			None
		</mig_devices>
		<uuid>${gpu.uuid}</uuid>
		<fan_speed>N/A</fan_speed>
		<fb_memory_usage>
			<total>${gpu.model.memoryMiB} MiB</total>
			<used>${gpu.memoryUsedMiB} MiB</used>
			<free>${gpu.model.memoryMiB - gpu.memoryUsedMiB} MiB</free>
		</fb_memory_usage>
		<utilization>
			<gpu_util>${Math.round(100 * gpu.utilizationRatio)} %</gpu_util>
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
${processesOf(gpu).map(processOf).join('\n')}
		</processes>
	</gpu>`

const processOf = ({ pid, job, memoryMiB }: EmulatedProcess): string => `			<process_info>
				<gpu_instance_id>N/A</gpu_instance_id>
				<compute_instance_id>N/A</compute_instance_id>
				<pid>${pid}</pid>
				<type>C</type>
				<process_name>/opt/${job.container}/python</process_name>
				<used_memory>${memoryMiB} MiB</used_memory>
			</process_info>`

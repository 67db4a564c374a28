import { z } from 'zod'
import { durationMs, HttpUrlSchema } from '../../protocol/kit/fields.ts'
import { SecretSchema } from '../../protocol/kit/secret.ts'

const SlurmSchema = z.strictObject({
  prologFolder: z
    .string()
    .min(1)
    .optional()
    .describe(
      'folder in which a prolog writes which job has which GPU: a file for each GPU, `0`, or MIG instance, `2.1`, with a job id a line',
    ),
  url: HttpUrlSchema.optional().describe(
    'address of slurmrestd with its API version, such as http://192.0.2.5:6820/slurm/v0.0.40; it names the account, user and partition of jobs',
  ),
  user: z.string().min(1).max(64).optional().describe('sent as X-SLURM-USER-NAME'),
  token: SecretSchema.optional().describe('sent as X-SLURM-USER-TOKEN, such as `scontrol token` prints'),
})

const KubeletSchema = z.strictObject({
  url: HttpUrlSchema.describe(
    "this node's kubelet, such as https://127.0.0.1:10250, or http://127.0.0.1:10255 where its read-only port is open",
  ),
  tokenFile: z
    .string()
    .min(1)
    .default('/var/run/secrets/kubernetes.io/serviceaccount/token')
    .describe(
      'file with the token of a service account that may get nodes/proxy; read again for each request, because Kubernetes rotates it',
    ),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the authority that signed the kubelet's certificate"),
  insecureTls: z.boolean().default(false).describe("true: do not check the kubelet's certificate"),
  checkpoint: z
    .string()
    .min(1)
    .default('/var/lib/kubelet/device-plugins/kubelet_internal_checkpoint')
    .describe(
      'file in which the kubelet records which container was given which GPU, whether or not it is in use',
    ),
  podResources: z
    .string()
    .min(1)
    .default('/var/lib/kubelet/pod-resources/kubelet.sock')
    .describe(
      "socket of the kubelet's pod-resources API, which tells the GPUs that pods have by resource claims (DRA)",
    ),
  cdi: z
    .string()
    .min(1)
    .default('/var/run/cdi')
    .describe(
      "folder of CDI specifications, in which NVIDIA's DRA driver writes which MIG instance a claim has; without it, one of several alike is not told from another",
    ),
})

/** The setting `owners:` of GPU drivers. */
export const TenancySettingsSchema = z.strictObject({
  slurm: SlurmSchema.prefault({}).describe('Slurm jobs'),
  kubelet: KubeletSchema.optional().describe(
    'where to ask for the names of Kubernetes pods; without it a pod appears by its uid',
  ),
  dockerSocket: z
    .string()
    .min(1)
    .default('/var/run/docker.sock')
    .describe("socket of Docker's API, which names containers"),
  podmanSocket: z
    .string()
    .min(1)
    .default('/run/podman/podman.sock')
    .describe(
      "socket of Podman's API; for a rootless container the agent uses /run/user/<uid>/podman/podman.sock",
    ),
  labels: z
    .array(z.string().min(1).max(128))
    .max(32)
    .default([
      'app',
      'app.kubernetes.io/name',
      'app.kubernetes.io/instance',
      'com.docker.compose.project',
      'com.docker.compose.service',
    ])
    .describe(
      'labels of pods and containers that become facts of an owner: `app.kubernetes.io/name` becomes `label.app.kubernetes.io.name`',
    ),
  proc: z
    .string()
    .min(1)
    .default('/proc')
    .describe("the host's /proc; another path where the agent runs in a container"),
  kfd: z
    .string()
    .min(1)
    .default('/sys/class/kfd/kfd')
    .describe("folder of AMD's compute driver, which lists the processes on its GPUs"),
  cgroups: z
    .string()
    .min(1)
    .default('/sys/fs/cgroup')
    .describe("folder of the host's control groups, in which the agent finds Slurm's jobs"),
  passwd: z.string().min(1).default('/etc/passwd').describe('file with the names of users (passwd(5))'),
  timeout: durationMs('1ms', '1h').default(1_000).describe('how long one request to a source may take'),
})
export type TenancySettings = z.output<typeof TenancySettingsSchema>

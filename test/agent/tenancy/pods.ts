import type { Pod } from '../../../agent/tenancy/kubelet-api.ts'
import { containerId } from './fake-host.ts'

/** A pod as the kubelet lists it. `containers`: names, and the id that the status knows each by. */
export function pod({
  uid,
  name = 'chat-0',
  phase = 'Running',
  labels = { app: 'chat', other: 'x' },
  containers = { serve: containerId('a') },
}: {
  uid: string
  name?: string
  phase?: string
  labels?: Record<string, string>
  containers?: Record<string, string | undefined>
}): Pod {
  const known = Object.entries(containers).flatMap(([c, id]) =>
    id ? [{ name: c, containerID: `containerd://${id}` }] : [],
  )
  return {
    metadata: { uid, name, namespace: 'team-a', labels },
    spec: { containers: Object.keys(containers).map((c) => ({ name: c, image: `registry.example/${c}:1` })) },
    status: { phase, containerStatuses: known },
  }
}

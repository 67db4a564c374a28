import type { StartStoreRig } from '../store-rig.ts'

const start: StartStoreRig = async () => ({ settings: () => ({ memoryLimitMb: 128 }) })

export default start

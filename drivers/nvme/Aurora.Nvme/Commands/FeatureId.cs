namespace Aurora.Nvme;

/// <summary>The features the driver reads or sets (NVM Express 1.4 §5.21.1, figure 271).</summary>
public enum FeatureId : byte
{
    /// <summary>§5.21.1.6: bit 0 of DW11 (set) or DW0 (get) is WCE.</summary>
    VolatileWriteCache = 0x06,

    /// <summary>§5.21.1.7: zero-based counts, NSQR in bits 15:0 and NCQR in bits 31:16; the result holds what was allocated.</summary>
    NumberOfQueues = 0x07,

    /// <summary>§5.21.1.11: which events complete an Asynchronous Event Request. SMART warnings in bits 7:0, namespace attributes bit 8.</summary>
    AsynchronousEvents = 0x0B,
}

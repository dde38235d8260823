namespace Aurora.Nvme;

/// <summary>
/// Where the doorbells are (NVM Express 1.4 §3.1.24, §3.1.25): for queue y, the submission tail at 1000h + 2y × stride and the
/// completion head at 1000h + (2y + 1) × stride, where the stride is 4 &lt;&lt; CAP.DSTRD bytes.
/// </summary>
public readonly struct DoorbellLayout
{
    private readonly uint _strideBytes;

    public DoorbellLayout(ControllerCapabilities capabilities) => _strideBytes = capabilities.DoorbellStrideBytes;

    public uint SubmissionTail(int queue) => NvmeRegister.Doorbells + 2 * (uint)queue * _strideBytes;

    public uint CompletionHead(int queue) => NvmeRegister.Doorbells + (2 * (uint)queue + 1) * _strideBytes;

    /// <summary>The number of register bytes that queues 0 to <paramref name="lastQueue"/> need.</summary>
    public ulong EndBytes(int lastQueue) => (ulong)CompletionHead(lastQueue) + 4;
}

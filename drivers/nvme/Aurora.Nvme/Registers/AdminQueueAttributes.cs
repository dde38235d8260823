namespace Aurora.Nvme;

/// <summary>The AQA register (NVM Express 1.4 §3.1.8): both sizes are zero-based entry counts.</summary>
public static class AdminQueueAttributes
{
    public static uint Encode(int submissionEntries, int completionEntries)
        => (uint)(submissionEntries - 1) | (uint)(completionEntries - 1) << 16;
}

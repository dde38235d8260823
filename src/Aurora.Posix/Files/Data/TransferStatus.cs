namespace Aurora.Posix.Files;

/// <summary>How a step of a transfer ended.</summary>
public enum TransferStatus : byte
{
    Ok,

    /// <summary>The program's memory cannot be accessed.</summary>
    Fault,

    /// <summary>A page is on its way: <see cref="FileTransfer.WaitForPage"/>.</summary>
    WouldBlock,
    OutOfMemory,
}

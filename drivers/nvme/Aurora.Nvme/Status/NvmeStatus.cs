using Aurora.Base;

namespace Aurora.Nvme;

/// <summary>The status field of a completion: bits 7:0 SC, 10:8 SCT, 12:11 CRD, 13 M, 14 DNR (NVM Express 1.4 §4.6.1, figure 124).</summary>
public readonly struct NvmeStatus
{
    private const byte InvalidOpcode = 0x01;
    private const byte DataTransferError = 0x04;
    private const byte InternalError = 0x06;
    private const byte AbortRequested = 0x07;
    private const byte CommandInterrupted = 0x21;
    private const byte TransientTransportError = 0x22;
    private const byte LbaOutOfRange = 0x80;
    private const byte NamespaceNotReady = 0x82;

    public readonly ushort Raw;

    public NvmeStatus(ushort raw) => Raw = raw;

    public NvmeStatus(StatusCodeType type, byte code) => Raw = (ushort)((int)type << 8 | code);

    public bool IsSuccess => Number == 0;

    /// <summary>SCT and SC as one number, the form in which they are logged and stored in <see cref="BlockRequest.DeviceStatus"/>.</summary>
    public ushort Number => (ushort)(Raw & 0x7FF);

    public byte Code => (byte)Raw;

    public StatusCodeType Type => (StatusCodeType)(Raw >> 8 & 7);

    /// <summary>DNR: the same command would fail again.</summary>
    public bool DoNotRetry => (Raw >> 14 & 1) != 0;

    /// <summary>The command ended because an Abort command asked for it.</summary>
    public bool IsAbortRequested => Type == StatusCodeType.Generic && Code == AbortRequested;

    /// <summary>True when the same command may succeed if it is issued again: a failure of the medium or of the way to it, without DNR.</summary>
    public bool MayPass => !DoNotRetry && Type switch
    {
        StatusCodeType.MediaAndDataIntegrity => Code is 0x80 or 0x81 or 0x82 or 0x84,
        StatusCodeType.PathRelated => true,
        StatusCodeType.Generic => Code is DataTransferError or InternalError or CommandInterrupted or TransientTransportError or NamespaceNotReady,
        _ => false,
    };

    /// <summary>What the status means to a user of the block device.</summary>
    public BlockStatus ToBlockStatus()
    {
        if (IsSuccess)
            return BlockStatus.Ok;
        if (Type == StatusCodeType.MediaAndDataIntegrity)
            return BlockStatus.MediaError;
        if (Type != StatusCodeType.Generic)
            return BlockStatus.DeviceError;
        return Code switch
        {
            InvalidOpcode => BlockStatus.Unsupported,
            LbaOutOfRange => BlockStatus.OutOfRange,
            _ => BlockStatus.DeviceError,
        };
    }
}

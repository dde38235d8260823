using System;
using System.Runtime.InteropServices;

namespace Aurora.Nvme;

/// <summary>The Identify Controller data structure, the fields the driver reads (NVM Express 1.4 §5.15.2.2, figure 247).</summary>
[StructLayout(LayoutKind.Explicit, Size = SizeBytes)]
public unsafe struct IdentifyController
{
    public const int SizeBytes = 4096;
    private const int SerialBytes = 20;
    private const int ModelBytes = 40;

    [FieldOffset(0)]
    public ushort VendorId;

    /// <summary>SN: ASCII, padded with spaces.</summary>
    [FieldOffset(4)]
    public fixed byte SerialNumber[SerialBytes];

    /// <summary>MN: ASCII, padded with spaces.</summary>
    [FieldOffset(24)]
    public fixed byte ModelNumber[ModelBytes];

    /// <summary>MDTS: a transfer is at most 2^MDTS smallest memory pages; 0 means no limit.</summary>
    [FieldOffset(77)]
    public byte MaximumTransferShift;

    /// <summary>RTD3E, microseconds: how long a shutdown typically takes; 0 means not reported.</summary>
    [FieldOffset(88)]
    public uint ShutdownMicroseconds;

    /// <summary>OAES: optional events. Bit 8, namespace attributes.</summary>
    [FieldOffset(92)]
    public uint OptionalEvents;

    /// <summary>CNTRLTYPE: 0 not reported (before 1.4), 1 I/O controller, 2 discovery, 3 administrative.</summary>
    [FieldOffset(111)]
    public byte ControllerType;

    /// <summary>ACL, zero-based: how many Abort commands may be outstanding. The driver has one at a time, which every controller allows.</summary>
    [FieldOffset(258)]
    public byte AbortLimit;

    /// <summary>AERL, zero-based: how many Asynchronous Event Requests may be outstanding.</summary>
    [FieldOffset(259)]
    public byte EventRequestLimit;

    /// <summary>SQES: bits 3:0 required, bits 7:4 maximum submission entry size, as powers of two.</summary>
    [FieldOffset(512)]
    public byte SubmissionEntrySizes;

    /// <summary>CQES: bits 3:0 required, bits 7:4 maximum completion entry size, as powers of two.</summary>
    [FieldOffset(513)]
    public byte CompletionEntrySizes;

    /// <summary>NN: the largest valid namespace id.</summary>
    [FieldOffset(516)]
    public uint NamespaceCount;

    /// <summary>ONCS: optional NVM commands. Bit 2 Dataset Management, bit 3 Write Zeroes.</summary>
    [FieldOffset(520)]
    public ushort OptionalCommands;

    /// <summary>VWC: bit 0, a volatile write cache is present.</summary>
    [FieldOffset(525)]
    public byte VolatileWriteCache;

    public readonly bool SupportsDatasetManagement => (OptionalCommands & 1 << 2) != 0;

    public readonly bool SupportsWriteZeroes => (OptionalCommands & 1 << 3) != 0;

    public readonly bool HasVolatileWriteCache => (VolatileWriteCache & 1) != 0;

    /// <summary>True when the controller takes 64-byte submission and 16-byte completion entries, as all should.</summary>
    public readonly bool AcceptsStandardEntries => Accepts(SubmissionEntrySizes, 6) && Accepts(CompletionEntrySizes, 4);

    /// <summary>Whether this controller does I/O at all.</summary>
    public readonly bool IsIoController => ControllerType is 0 or 1;

    /// <summary>Copies the serial number without its padding into a buffer of at least 20 bytes; bytes that are not printable become '?'.</summary>
    public readonly int CopySerialNumber(Span<byte> destination)
    {
        fixed (byte* text = SerialNumber)
            return CopyText(new ReadOnlySpan<byte>(text, SerialBytes), destination);
    }

    /// <summary>Copies the model number without its padding into a buffer of at least 40 bytes; bytes that are not printable become '?'.</summary>
    public readonly int CopyModelNumber(Span<byte> destination)
    {
        fixed (byte* text = ModelNumber)
            return CopyText(new ReadOnlySpan<byte>(text, ModelBytes), destination);
    }

    private static bool Accepts(byte sizes, int shift) => (sizes & 0xF) <= shift && sizes >> 4 >= shift;

    private static int CopyText(ReadOnlySpan<byte> field, Span<byte> destination)
    {
        int length = field.Length;
        while (length > 0 && (field[length - 1] is 0 or 0x20))
            length--;
        for (int i = 0; i < length; i++)
            destination[i] = field[i] is >= 0x20 and < 0x7F ? field[i] : (byte)'?';
        return length;
    }
}

using System;

namespace Aurora.Posix.Files;

/// <summary>What programs are told the processor and the system are called.</summary>
public sealed class MachineNames
{
    private readonly byte[] _processor;
    private readonly byte[] _release;
    private readonly byte[] _version;

    /// <summary>The processor's brand string (CPUID 80000002h to 80000004h), which may be empty; uname's release and version.</summary>
    public MachineNames(ReadOnlySpan<byte> processor, ReadOnlySpan<byte> release, ReadOnlySpan<byte> version)
    {
        ReadOnlySpan<byte> trimmed = processor.Trim((byte)' ').Trim((byte)0);
        _processor = (trimmed.IsEmpty ? "x86-64"u8 : trimmed).ToArray();
        _release = release.ToArray();
        _version = version.ToArray();
    }

    public ReadOnlySpan<byte> Processor => _processor;
    public ReadOnlySpan<byte> Release => _release;
    public ReadOnlySpan<byte> Version => _version;
}

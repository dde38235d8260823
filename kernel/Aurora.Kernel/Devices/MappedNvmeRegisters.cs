using Aurora.Core;
using Aurora.Nvme;

namespace Aurora.Kernel;

/// <summary>An NVMe controller's registers in an uncached mapping of BAR0.</summary>
internal sealed unsafe class MappedNvmeRegisters : NvmeRegisters
{
    private readonly byte* _base;

    public MappedNvmeRegisters(byte* mapping, ulong lengthBytes)
    {
        _base = mapping;
        LengthBytes = lengthBytes;
    }

    public override ulong LengthBytes { get; }

    public override uint Read32(uint offset) => Mmio.Read32(_base + offset);

    public override ulong Read64(uint offset) => Mmio.Read64(_base + offset);

    public override void Write32(uint offset, uint value) => Mmio.Write32(_base + offset, value);

    public override void Write64(uint offset, ulong value) => Mmio.Write64(_base + offset, value);
}

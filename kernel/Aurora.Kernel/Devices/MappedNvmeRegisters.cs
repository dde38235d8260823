using Aurora.Hal;
using Aurora.Nvme;

namespace Aurora.Kernel;

/// <summary>An NVMe controller's registers in the mapped window of BAR0.</summary>
internal sealed class MappedNvmeRegisters : NvmeRegisters
{
    private readonly DeviceRegisters _window;

    public MappedNvmeRegisters(DeviceRegisters window) => _window = window;

    public override ulong LengthBytes => _window.LengthBytes;

    public override uint Read32(uint offset) => _window.Read32(offset);

    public override ulong Read64(uint offset) => _window.Read64(offset);

    public override void Write32(uint offset, uint value) => _window.Write32(offset, value);

    public override void Write64(uint offset, ulong value) => _window.Write64(offset, value);
}

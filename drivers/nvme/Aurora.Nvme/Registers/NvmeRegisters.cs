namespace Aurora.Nvme;

/// <summary>
/// The controller's register block (BAR0): the driver's only way to the hardware. The kernel's implementation goes through volatile
/// accesses to an uncached mapping; the tests' is a model of a controller. Offsets are naturally aligned for their width.
/// </summary>
public abstract class NvmeRegisters
{
    /// <summary>The size of the mapped block in bytes; the driver refuses a controller whose doorbells lie beyond it.</summary>
    public abstract ulong LengthBytes { get; }

    public abstract uint Read32(uint offset);

    public abstract ulong Read64(uint offset);

    public abstract void Write32(uint offset, uint value);

    public abstract void Write64(uint offset, ulong value);
}

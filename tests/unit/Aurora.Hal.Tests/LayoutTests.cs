using System.Runtime.InteropServices;
using Xunit;

namespace Aurora.Hal.Tests;

/// <summary>Structures filled in by hardware or firmware have exactly the layout of their specifications.</summary>
public sealed unsafe class LayoutTests
{
    private static int Offset<T>(string field) => (int)Marshal.OffsetOf<T>(field);

    [Fact]
    public void Pvh_start_info()
    {
        Assert.Equal(56, sizeof(PvhStartInfo));
        Assert.Equal(12, Offset<PvhStartInfo>(nameof(PvhStartInfo.ModuleCount)));
        Assert.Equal(16, Offset<PvhStartInfo>(nameof(PvhStartInfo.ModuleList)));
        Assert.Equal(24, Offset<PvhStartInfo>(nameof(PvhStartInfo.CommandLine)));
        Assert.Equal(32, Offset<PvhStartInfo>(nameof(PvhStartInfo.RootPointer)));
        Assert.Equal(40, Offset<PvhStartInfo>(nameof(PvhStartInfo.MemoryMap)));
        Assert.Equal(48, Offset<PvhStartInfo>(nameof(PvhStartInfo.MemoryMapCount)));
    }

    [Fact]
    public void Pvh_module_and_memory_map_entry()
    {
        Assert.Equal(32, sizeof(PvhModule));
        Assert.Equal(8, Offset<PvhModule>(nameof(PvhModule.Length)));
        Assert.Equal(24, sizeof(PvhMemoryMapEntry));
        Assert.Equal(8, Offset<PvhMemoryMapEntry>(nameof(PvhMemoryMapEntry.Length)));
        Assert.Equal(16, Offset<PvhMemoryMapEntry>(nameof(PvhMemoryMapEntry.Kind)));
    }

    [Fact]
    public void Acpi_root_pointer()
    {
        Assert.Equal(36, sizeof(AcpiRootPointer));
        Assert.Equal(8, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.Checksum)));
        Assert.Equal(15, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.Revision)));
        Assert.Equal(16, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.RsdtAddress)));
        Assert.Equal(20, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.Length)));
        Assert.Equal(24, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.XsdtAddress)));
        Assert.Equal(32, Offset<AcpiRootPointer>(nameof(AcpiRootPointer.ExtendedChecksum)));
    }

    [Fact]
    public void Acpi_table_header_and_generic_address()
    {
        Assert.Equal(AcpiTableHeader.Bytes, sizeof(AcpiTableHeader));
        Assert.Equal(4, Offset<AcpiTableHeader>(nameof(AcpiTableHeader.Length)));
        Assert.Equal(9, Offset<AcpiTableHeader>(nameof(AcpiTableHeader.Checksum)));
        Assert.Equal(16, Offset<AcpiTableHeader>(nameof(AcpiTableHeader.OemTableId)));
        Assert.Equal(32, Offset<AcpiTableHeader>(nameof(AcpiTableHeader.CreatorRevision)));
        Assert.Equal(12, sizeof(AcpiGenericAddress));
        Assert.Equal(4, Offset<AcpiGenericAddress>(nameof(AcpiGenericAddress.Address)));
    }
}

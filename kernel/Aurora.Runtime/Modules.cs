// The compiled image describes itself in a module header: magic, version and a table of sections (frozen objects, static storage,
// the dispatch map, …). The class library's start-up code registers the one module and asks for its sections here.
using System.Runtime;
using System.Runtime.InteropServices;

namespace Aurora.Runtime;

internal static unsafe class Modules
{
    private const int DispatchMapSection = 306;
    private const int SectionCountOffset = 12;
    private const int SectionsOffset = 16;

    [StructLayout(LayoutKind.Sequential)]
    private struct TypeManager
    {
        public nint OsModule;
        public byte* Header;

        /// <summary>Read by the library's dispatch code at this offset.</summary>
        public void* DispatchMap;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Section
    {
#pragma warning disable CS0649 // Laid out by the compiler; only read here.
        public int Id;
        public int Flags;
        public byte* Start;
        public byte* End;
#pragma warning restore CS0649
    }

    private static TypeManager s_manager;

    [RuntimeExport("RhpRegisterOsModule")]
    private static byte RegisterOsModule(nint module) => 1;

    [RuntimeExport("RhpCreateTypeManager")]
    private static void* CreateTypeManager(nint osModule, byte* header, void* classLibraryFunctions, uint functionCount)
    {
        // SAFETY: a static field of an unmanaged type never moves.
        fixed (TypeManager* manager = &s_manager)
        {
            manager->OsModule = osModule;
            manager->Header = header;
            manager->DispatchMap = FindSection(header, DispatchMapSection, out _);
            return manager;
        }
    }

    [RuntimeExport("RhpGetModuleSection")]
    private static void* GetModuleSection(TypeManager** module, int id, int* length)
    {
        void* start = FindSection((*module)->Header, id, out int bytes);
        *length = bytes;
        return start;
    }

    [RuntimeExport("RhRegisterInlinedThreadStaticRoot")]
    private static void RegisterThreadStaticRoot(void* root, void* manager)
    {
    }

    /// <summary>Frozen objects need no registration without a collector; any non-zero handle means success.</summary>
    [RuntimeExport("RhRegisterFrozenSegment")]
    private static nint RegisterFrozenSegment(void* start, nint allocated, nint committed, nint reserved) => 1;

    /// <summary>Class library functions by type: the library asks only to report failures, and takes "none" for an answer.</summary>
    [RuntimeExport("RhpGetClasslibFunctionFromEEType")]
    private static nint GetClassLibraryFunction(void* type, int function) => 0;

    private static void* FindSection(byte* header, int id, out int bytes)
    {
        int count = *(ushort*)(header + SectionCountOffset);
        var section = (Section*)(header + SectionsOffset);
        for (int i = 0; i < count; i++, section++)
        {
            if (section->Id != id)
                continue;
            bytes = (int)(section->End - section->Start);
            return section->Start;
        }
        bytes = 0;
        return null;
    }
}

// Interface calls go through cells: {stub, cache} pairs, the run of cells for one call site group ending with a pair whose stub is zero
// and whose second word is the slot number. The low bits of the first cache word tell how the interface type is encoded:
// 1 = pointer, 2 = pointer to an indirection, 3 = relative pointer to an indirection, 0 = relative pointer.
// Every call is resolved anew: hot paths use abstract classes, which need no cell.
using System.Runtime;
using System.Runtime.InteropServices;

namespace Aurora.Runtime;

internal static unsafe class InterfaceDispatch
{
    private const nint KindMask = 3;
    private const nint InterfacePointer = 1;
    private const nint IndirectedRelative = 2;

    [StructLayout(LayoutKind.Sequential)]
    private struct Cell
    {
#pragma warning disable CS0649 // The compiler lays cells out; code here only reads them.
        public nint Stub;
        public nint Cache;
#pragma warning restore CS0649
    }

    /// <summary>Called by the assembly stub with the object and the cell of the call; returns the code to run.</summary>
    [RuntimeExport("AuroraResolveDispatch")]
    private static nint Resolve(nint instance, Cell* cell)
    {
        Cell* last = cell;
        while (last->Stub != 0)
            last++;
        return RhResolveDispatch(instance, InterfaceOf(cell), (ushort)last->Cache);
    }

    private static nint InterfaceOf(Cell* cell)
    {
        nint encoded = cell->Cache;
        if ((encoded & KindMask) == InterfacePointer)
            return encoded & ~KindMask;
        nint target = ((nint)(&cell->Cache) + (int)encoded) & ~KindMask;
        return (encoded & KindMask) == IndirectedRelative ? *(nint*)target : target;
    }

    [DllImport("*"), SuppressGCTransition]
    private static extern nint RhResolveDispatch(nint instance, nint interfaceType, ushort slot);
}

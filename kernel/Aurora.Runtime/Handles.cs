// Object handles: a cell that holds a reference. Boot makes a few (static storage); nothing is collected, so every kind is the same.
using System.Runtime;

namespace Aurora.Runtime;

internal static unsafe class Handles
{
    [RuntimeExport("RhpHandleAlloc")]
    private static void** Allocate(void* target, int kind)
    {
        var cell = (void**)KernelHeap.Allocate(2 * (ulong)sizeof(void*));
        *cell = target;
        return cell;
    }

    [RuntimeExport("RhpHandleAllocDependent")]
    private static void** AllocateDependent(void* primary, void* secondary)
    {
        void** cell = Allocate(primary, 0);
        cell[1] = secondary;
        return cell;
    }

    [RuntimeExport("RhHandleGetDependent")]
    private static void* GetDependent(void** cell, void** secondary)
    {
        *secondary = cell[1];
        return cell[0];
    }

    [RuntimeExport("RhHandleSet")]
    private static void Set(void** cell, void* target) => *cell = target;

    [RuntimeExport("RhHandleFree")]
    private static void Free(void** cell) => *cell = null;
}

// Block operations the class library asks the runtime for. Without a collector a bulk move of references is a plain move.
using System.Runtime;
using System.Runtime.InteropServices;

namespace Aurora.Runtime;

internal static unsafe class BlockMemory
{
    [RuntimeExport("RhBulkMoveWithWriteBarrier")]
    private static void MoveReferences(void* destination, void* source, nuint bytes) => memmove(destination, source, bytes);

    [RuntimeExport("RhpGcSafeZeroMemory")]
    private static void Zero(void* memory, nuint bytes) => memset(memory, 0, bytes);

    [DllImport("*"), SuppressGCTransition]
    private static extern void* memmove(void* destination, void* source, nuint bytes);

    [DllImport("*"), SuppressGCTransition]
    private static extern void* memset(void* memory, int value, nuint bytes);
}

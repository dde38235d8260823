// The allocation helpers the compiler calls. Layout of an array or string: descriptor pointer, 32-bit length at offset 8, elements.
using System;
using System.Runtime;

namespace Aurora.Runtime;

internal static unsafe class ObjectAllocation
{
    private const int LengthOffset = 8;

    [RuntimeExport("RhpNewFast")]
    private static void* NewObject(MethodTable* type)
    {
        void* memory = KernelHeap.IsSealed && IsException(type)
            ? KernelHeap.AllocateFromReserve(type->BaseSize)
            : KernelHeap.Allocate(type->BaseSize);
        *(MethodTable**)memory = type;
        return memory;
    }

    /// <summary>Finalizers never run: nothing is ever collected.</summary>
    [RuntimeExport("RhpNewFinalizable")]
    private static void* NewFinalizable(MethodTable* type) => NewObject(type);

    [RuntimeExport("RhpNewArrayFast")]
    private static void* NewArray(MethodTable* type, nint length)
    {
        if ((ulong)length > int.MaxValue)
            RuntimeFailure.Fail("heap: array length out of range"u8);
        byte* memory = (byte*)KernelHeap.Allocate(type->BaseSize + ((ulong)length * type->ComponentSize));
        *(MethodTable**)memory = type;
        *(int*)(memory + LengthOffset) = (int)length;
        return memory;
    }

    [RuntimeExport("RhpNewPtrArrayFast")]
    private static void* NewPointerArray(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhNewString")]
    private static void* NewString(MethodTable* type, nint length) => NewArray(type, length);

    [RuntimeExport("RhAllocateNewArray")]
    private static void NewArrayWithFlags(MethodTable* type, uint length, uint flags, void** result) => *result = NewArray(type, (nint)length);

    [RuntimeExport("RhAllocateNewObject")]
    private static void NewObjectWithFlags(MethodTable* type, uint flags, void** result) => *result = NewObject(type);

    private static bool IsException(MethodTable* type)
    {
        var exception = (MethodTable*)typeof(Exception).TypeHandle.Value;
        while (type != null && type != exception)
            type = type->RelatedType;
        return type != null;
    }
}

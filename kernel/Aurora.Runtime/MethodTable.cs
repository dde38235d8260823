using System.Runtime.InteropServices;

namespace Aurora.Runtime;

/// <summary>The head of the compiler's type descriptor: what allocation needs to know.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MethodTable
{
    /// <summary>The size of one array element or string character; zero for other types.</summary>
    public ushort ComponentSize;
    public ushort Flags;

    /// <summary>The size of an object, or of an array without its elements.</summary>
    public uint BaseSize;

    /// <summary>The base type of a class; the element type of an array.</summary>
    public MethodTable* RelatedType;
}

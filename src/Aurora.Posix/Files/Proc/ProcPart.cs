using Aurora.Base;

namespace Aurora.Posix.Files;

/// <summary>
/// A part of the text of a /proc file, and where the next one begins. Texts have no bound: the mappings of a process, its arguments. A part
/// ends with a whole line where lines come and go between two reads.
/// </summary>
internal struct ProcPart
{
    /// <summary>Where the part begins in the text, in bytes.</summary>
    public ulong Start;

    /// <summary>Its length in bytes.</summary>
    public int Length;

    /// <summary>The text ends with it.</summary>
    public bool IsLast;

    /// <summary>For maps: the address of the mapping whose line is the first of the part, and of the next part.</summary>
    public ulong Address;
    public ulong NextAddress;

    public readonly ulong End => Start + (ulong)Length;

    /// <summary>The part behind this one, yet to be written.</summary>
    public readonly ProcPart Next => new() { Start = End, Address = NextAddress };

    /// <summary>The part is what the writer took; the last one, if that was all.</summary>
    public void Complete(in Utf8Writer writer)
    {
        Length = writer.Length;
        IsLast = !writer.Truncated;
    }
}

using System.Runtime.InteropServices;

namespace Aurora.Posix.Persistence;

/// <summary>What a piece of a core file is (struct sls_piece).</summary>
public enum DumpPieceKind : ulong
{
    None = 0,

    /// <summary>The first piece: Bytes is the length of the file.</summary>
    Length = 1,

    /// <summary>So many bytes of the file follow.</summary>
    Bytes = 2,

    /// <summary>So many bytes of the file are zero.</summary>
    Zeroes = 3,
}

/// <summary>The head of a piece of a core file, as a program reads it (struct sls_piece).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DumpPiece
{
    public const int Size = 16;

    public DumpPieceKind Kind;
    public ulong Bytes;
}

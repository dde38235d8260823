using System.Linq;
using System.Runtime.InteropServices;
using Aurora.Posix.Persistence;
using Xunit;

namespace Aurora.Checkpoint.Tests;

/// <summary>The structures of core files, and of the pieces in which programs get them.</summary>
public sealed unsafe class CoreStructureTests
{
    [Fact]
    public void Structures_have_the_sizes_and_places_that_debuggers_expect()
    {
        Assert.Equal((64, 56, 12), (sizeof(ElfHeader), sizeof(ElfSegment), sizeof(ElfNote)));
        Assert.Equal((336, 136, 16, 24), (sizeof(ThreadStatus), sizeof(ProcessStatus), sizeof(FileNoteHeader), sizeof(FileNoteEntry)));
        string[] ofThread = ["CurrentSignal", "PendingSignals", "Id", "User", "Registers", "HasFloatingPoint"];
        Assert.Equal([12, 16, 32, 48, 112, 328], ofThread.Select(OffsetOf<ThreadStatus>));
        Assert.Equal([8, 16, 24, 40, 56], ((string[])["Flags", "User", "Id", "Name", "Arguments"]).Select(OffsetOf<ProcessStatus>));
        Assert.Equal([16, 24, 32, 40, 48, 52, 56], ((string[])["Type", "Entry", "SegmentsOffset", "SectionsOffset", "Flags", "HeaderBytes",
            "SegmentCount"]).Select(OffsetOf<ElfHeader>));
        Assert.Equal([4, 8, 16, 32, 48], ((string[])["Flags", "Offset", "Address", "FileBytes", "Alignment"]).Select(OffsetOf<ElfSegment>));
    }

    [Fact]
    public void A_piece_is_as_programs_know_it()
    {
        Assert.Equal((DumpPiece.Size, 8), (sizeof(DumpPiece), OffsetOf<DumpPiece>("Bytes")));
        Assert.Equal((1UL, 2UL, 3UL), ((ulong)DumpPieceKind.Length, (ulong)DumpPieceKind.Bytes, (ulong)DumpPieceKind.Zeroes));
    }

    private static int OffsetOf<T>(string field) => (int)Marshal.OffsetOf<T>(field);
}

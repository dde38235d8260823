using System.Collections.Generic;

namespace Aurora.Images.Root;

/// <summary>Bytes of a file that are stored: where they belong, how many, and where they are in the stream that gives them.</summary>
public readonly record struct DataRun(long Start, long Bytes, long SourceStart);

/// <summary>The length of a file and the runs of it that are stored, in order; the rest are holes.</summary>
public sealed record FileLayout(long Bytes, IReadOnlyList<DataRun> Runs);

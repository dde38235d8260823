namespace Aurora.Images;

/// <summary>A process of a group of an image.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Parent">That of its parent; 0 for none.</param>
/// <param name="State">What it does, as ps(1) has it: R (runs), S (waits in a call), T (stopped), Z (has ended, is not waited for).</param>
/// <param name="Threads">How many threads it has.</param>
/// <param name="MemoryBytes">The size of what it has mapped.</param>
/// <param name="Name">The name of its program.</param>
/// <param name="IsDetached">What continues from here ends it.</param>
public sealed record ImageProcess(
    int Id, int Parent, char State, int Threads, ulong MemoryBytes, string Name, bool IsDetached = false);

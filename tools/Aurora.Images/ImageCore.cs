namespace Aurora.Images;

/// <summary>A core file that was written.</summary>
/// <param name="Path">Where.</param>
/// <param name="Process">The process in it.</param>
/// <param name="Epoch">The checkpoint it is from, by its epoch.</param>
/// <param name="Mappings">How many mappings it has.</param>
/// <param name="DataBytes">The memory in it that is not zero; the rest are holes of the file.</param>
public sealed record ImageCore(string Path, ImageProcess Process, ulong Epoch, int Mappings, ulong DataBytes);

using System.Collections.Generic;
using System.IO;
using System.Linq;
using Aurora.Images;

namespace Aurora.Cli.Demo;

/// <summary>
/// The disk of a demo: looked at after every power cut, and put back to an older state for who wants to see that it is noticed.
/// </summary>
internal sealed class DemoDisk(string path)
{
    private const int SabotagedCut = 2;

    public string Path => path;

    /// <summary>A claim that fails, unless the image is whole after a life.</summary>
    public DemoClaim? Check(int life)
    {
        IReadOnlyList<string> faults = DiskImage.Check(path).Faults;
        return faults.Count == 0
            ? null
            : new DemoClaim(false, $"the image is damaged after life {life}: {string.Join("; ", faults.Take(3))}");
    }

    /// <summary>
    /// After the second cut puts back what the disk was after the first, which is what a broken restore would amount to, or the loss of
    /// what was said to be durable.
    /// </summary>
    public void Sabotage(int cut)
    {
        string old = path + ".old";
        if (cut == SabotagedCut - 1)
            File.Copy(path, old, overwrite: true);
        else if (cut == SabotagedCut)
            File.Move(old, path, overwrite: true);
    }
}

namespace MfpClip.Weights.Torch;

/// <summary>
/// What reading one pickle may cost. A few bytes can ask for copies of copies: objects and copied values are counted, and a file that needs more than weight
/// files do by far is refused.
/// </summary>
/// <param name="path">The file, for messages.</param>
/// <param name="bytes">Length of the pickle.</param>
internal sealed class PickleBudget(string path, long bytes)
{
    /// <summary>Largest pickle that is read. Those of published weights have 0.1 to 2 MB.</summary>
    public const long MaximumPickle = 64L << 20;

    // The pickle of a large model makes some ten thousand objects. A container takes as much as eight numbers.
    private const long MaximumObjects = 8_000_000, Container = 8;

    private long _objects = MaximumObjects;
    private long _copied = (4 * bytes) + (16L << 20);

    /// <summary>A number, a text or a reference was made.</summary>
    public void Make(bool container = false) => Check((_objects -= container ? Container : 1) >= 0, "makes more objects");

    /// <summary>Values, characters or bytes were copied.</summary>
    public void Copy(long count) => Check((_copied -= count) >= 0, "copies more values");

    private void Check(bool holds, string what)
    {
        if (!holds)
        {
            throw new WeightsException(path, $"its pickle {what} than weights need by far, so reading it was stopped. It is damaged, or made to harm.");
        }
    }
}

namespace MfpClip.References;

/// <summary>What a <see cref="StreamedCoreset"/> holds between two images.</summary>
/// <param name="Rows">Stored tokens, <c>[n, D]</c>, float32; the owner's.</param>
/// <param name="Images">The image of each.</param>
/// <param name="Reach">How far the tokens that each stands for lie from it, at most.</param>
/// <param name="Radius">Tokens at most this far from a stored one are not stored.</param>
/// <param name="Reductions">Times that the buffer was reduced.</param>
internal sealed record StreamedCoresetState(Tensor Rows, IReadOnlyList<int> Images, IReadOnlyList<float> Reach, double Radius, int Reductions)
    : IDisposable
{
    public void Dispose() => Rows.Dispose();
}

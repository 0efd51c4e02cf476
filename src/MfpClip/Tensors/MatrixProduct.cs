namespace MfpClip.Tensors;

/// <summary>
/// Matrix products whose shapes are checked: the native library ends the process, and does not throw, where those of <c>torch.matmul</c> do not fit. An
/// analyzer bans the unchecked one.
/// </summary>
public static class MatrixProduct
{
    /// <summary><c>torch.matmul</c> of tensors that fit each other.</summary>
    /// <param name="left"><c>[..., N, K]</c>, or a vector <c>[K]</c>.</param>
    /// <param name="right"><c>[..., K, M]</c>, or a vector <c>[K]</c>; the leading dimensions are equal, or one of them is 1.</param>
    /// <returns><c>[..., N, M]</c>.</returns>
    /// <exception cref="InferenceException">The shapes or the dtypes do not fit: a module gives another width than its interface says.</exception>
    /// <example><code>var cosine = MatrixProduct.Of(patches, texts.transpose(1, 2));</code></example>
    public static Tensor Of(Tensor left, Tensor right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        Check(left.shape, right.shape);
        return left.dtype == right.dtype ? Unchecked(left, right) : throw new InferenceException(
            $"A matrix of {left.dtype} is multiplied with one of {right.dtype}; both must have one precision. A module of your own gives another one "
                + "than it is given.");
    }

#pragma warning disable RS0030 // the one place that may
    private static Tensor Unchecked(Tensor left, Tensor right) => torch.matmul(left, right);
#pragma warning restore RS0030

    private static void Check(long[] left, long[] right)
    {
        bool fits = left.Length > 0 && right.Length > 0 && left[^1] == (right.Length == 1 ? right[0] : right[^2]);
        for (int i = 3; fits && i <= Math.Min(left.Length, right.Length); i++)
        {
            fits = left[^i] == right[^i] || left[^i] == 1 || right[^i] == 1;
        }

        if (!fits)
        {
            throw new InferenceException(
                $"A matrix [{string.Join(", ", left)}] cannot be multiplied with [{string.Join(", ", right)}]. A module, a file of references or "
                    + "weights of another width than the backbone's were given.");
        }
    }
}

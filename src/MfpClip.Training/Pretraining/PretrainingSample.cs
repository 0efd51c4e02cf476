namespace MfpClip.Training.Pretraining;

/// <summary>An image to learn from.</summary>
/// <param name="Image">Square, of the model's size.</param>
/// <param name="Mask">True on the defect, row by row.</param>
/// <param name="Category">What it shows, as text.</param>
/// <param name="Caption">The image in words: object, state, defect.</param>
public sealed record PretrainingSample(RgbImage Image, bool[] Mask, string Category, string Caption)
{
    /// <summary>Whether anything is wrong in it.</summary>
    public bool IsDefective => Array.IndexOf(Mask, true) >= 0;
}

/// <summary>Where images come from: the same index and seed give the same image. Called from several threads.</summary>
public interface IPretrainingSource
{
    /// <summary>Names the source with its version and settings; the cache belongs to it.</summary>
    string Identity { get; }

    /// <summary>Makes an image.</summary>
    /// <param name="index">From 0.</param>
    /// <param name="heldOut">Whether it is of the categories that are kept for validation.</param>
    PretrainingSample Create(int index, bool heldOut);
}

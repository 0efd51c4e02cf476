namespace MfpClip.Objectives;

/// <summary>The one-cycle schedule with cosine annealing (Smith and Topin 2018; torch.optim.lr_scheduler.OneCycleLR).</summary>
/// <param name="Peak">Highest learning rate.</param>
/// <param name="Steps">Number of steps.</param>
internal sealed record OneCycle(double Peak, long Steps)
{
    private const double Rise = 0.3, Start = 1.0 / 25, End = 1e-4 / 25;

    /// <summary>Learning rate of a step, from 0.</summary>
    public double At(long step)
    {
        double top = Math.Max(1, (Rise * Steps) - 1);
        return step <= top ? Between(Start, 1, step / top) : Between(1, End, Math.Min(1, (step - top) / Math.Max(1, Steps - 1 - top)));
    }

    private double Between(double from, double to, double share) => Peak * (to + ((from - to) / 2 * (1 + Math.Cos(Math.PI * share))));
}
